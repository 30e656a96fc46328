/** Numbers for people. */

export function duration(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s < 9.95) return `${s.toFixed(1)} s`;
  const whole = Math.round(s);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

export function tokens(count: number): string {
  if (count < 1000) return String(count);
  if (count < 10_000) return `${(Math.floor(count / 100) / 10).toString()}k`;
  if (count < 999_500) return `${Math.round(count / 1000)}k`;
  return `${(Math.round(count / 100_000) / 10).toString()}M`;
}

/** "0.003130 USD" in short; another text stays as it is. */
export function money(text: string): string {
  const [amount, currency] = text.split(" ");
  const value = Number(amount);
  const digits = value > 0 && value < 0.01 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 4 };
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency, ...digits }).format(value);
  } catch {
    return text;
  }
}

export function size(characters: number): string {
  if (characters < 1000) return `${characters} characters`;
  if (characters < 1_000_000) return `${Math.round(characters / 1000)} KB`;
  return `${(characters / 1_000_000).toFixed(1)} MB`;
}

export function bytes(count: number): string {
  return count < 1000 ? `${count} bytes` : size(count);
}

/** How long ago, in words; `now` and `time` in seconds since the epoch. */
export function ago(time: number, now: number): string {
  const minutes = Math.floor((now - time) / 60);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  const days = Math.floor(hours / 24);
  if (days < 2) return "yesterday";
  return days < 30 ? `${days} days ago` : new Date(time * 1000).toLocaleDateString();
}

/** The time of day, with the date if it is another day than `now`. */
export function clock(time: number, now: number): string {
  const [date, today] = [new Date(time * 1000), new Date(now * 1000)];
  const day = date.toDateString() === today.toDateString() ? "" : ` on ${date.toLocaleDateString()}`;
  return `${date.toTimeString().slice(0, 5)}${day}`;
}
