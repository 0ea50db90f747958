import { assertEquals } from "@std/assert";
import { Watchdog, type Watched } from "../../lib/session/watchdog.ts";

/** Expires once its deadline is past, and then has none. */
class Patient implements Watched {
  deadline: number;
  readonly expired: Promise<void>;
  expire = () => {};

  constructor(deadline: number) {
    this.deadline = deadline;
    this.expired = new Promise((resolve) => {
      this.expire = () => {
        this.deadline = Infinity;
        resolve();
      };
    });
  }
}

Deno.test("Watchdog expires what is past its deadline, and nothing else", async () => {
  using watchdog = new Watchdog(20);
  const late = new Patient(performance.now() + 5);
  const never = new Patient(Infinity);
  let wrong = false;
  never.expire = () => wrong = true;
  watchdog.add(late);
  watchdog.add(never);
  await late.expired;
  assertEquals(wrong, false);
});

Deno.test("Watchdog leaves no timer behind once nobody is watched", async () => {
  // The sanitizer of the test runner would find the timer.
  const watchdog = new Watchdog(Infinity);
  const watched = new Patient(Infinity);
  watchdog.add(watched);
  watchdog.remove(watched);
  watchdog.add(watched);
  watchdog.remove(watched);
  await Promise.resolve();
});

Deno.test("Watchdog goes on to look when somebody is removed while it looks", async () => {
  using watchdog = new Watchdog(20);
  const first = new Patient(0);
  const second = new Patient(0);
  const { expire } = first;
  first.expire = () => {
    watchdog.remove(first);
    expire();
  };
  watchdog.add(first);
  watchdog.add(second);
  await Promise.all([first.expired, second.expired]);
});
