/** Numbers as people read them. */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Bytes with three digits: `1.46 MiB`. */
export function bytes(count) {
  if (count === undefined || count === null) return "";
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** Bytes per second. */
export function rate(perSecond) {
  return perSecond === undefined ? "" : `${bytes(perSecond)}/s`;
}

/** A time that has passed or is left: `2 h 5 min`. */
export function duration(milliseconds) {
  if (milliseconds === undefined || !Number.isFinite(milliseconds)) return "";
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

/** The time of day, with the date if it is another day. */
export function time(milliseconds) {
  if (!milliseconds) return "";
  const date = new Date(milliseconds);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? date.toLocaleTimeString() : date.toLocaleString();
}

/** A whole number with its groups of digits. */
export function count(value) {
  return value === undefined ? "" : value.toLocaleString();
}
