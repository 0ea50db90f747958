import { assertEquals } from "@std/assert";
import { Deadlines, type Watched } from "../../lib/session/deadlines.ts";

/** Expires once its deadline is past, and then has none. */
class Patient implements Watched<Patient> {
  before: Patient | undefined;
  after: Patient | undefined;
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

Deno.test("Deadlines expire what is past its deadline, and nothing else", async () => {
  using watchdog = new Deadlines(20);
  const late = new Patient(performance.now() + 5);
  const never = new Patient(Infinity);
  let wrong = false;
  never.expire = () => wrong = true;
  watchdog.add(late);
  watchdog.add(never);
  await late.expired;
  assertEquals(wrong, false);
});

/** Resolves when a watchdog with that limit has looked at somebody who is late. */
async function firstLook(shortest: number): Promise<void> {
  using watchdog = new Deadlines(shortest);
  const late = new Patient(0);
  watchdog.add(late);
  await late.expired;
}

Deno.test("Deadlines end their timer when there is nothing to watch", async () => {
  // The sanitizer of the test runner would find the timer; the look of the other one comes later.
  const watchdog = new Deadlines(20);
  const watched = new Patient(Infinity);
  watchdog.add(watched);
  watchdog.remove(watched);
  await firstLook(80);
});

Deno.test("Deadlines start again with something to watch after that", async () => {
  using watchdog = new Deadlines(20);
  const gone = new Patient(Infinity);
  watchdog.add(gone);
  watchdog.remove(gone);
  await firstLook(80);
  const next = new Patient(0);
  watchdog.add(next);
  await next.expired;
});

Deno.test("Deadlines continue when an entry is removed during a check", async () => {
  using watchdog = new Deadlines(20);
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
