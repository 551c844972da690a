// Numbers, times and ids as people read them.

export function figure(v: unknown, digits = 5): string {
  if (typeof v !== "number" || !Number.isFinite(v)) return "–";
  if (Number.isInteger(v) && Math.abs(v) < 1e15) return grouped(v);
  const a = Math.abs(v);
  if (a !== 0 && (a < 1e-4 || a >= 1e9)) return v.toExponential(digits - 2).replace("e+", "e");
  return String(Number(v.toPrecision(digits)));
}

export function grouped(v: number): string {
  return Math.abs(v) < 10000 ? String(v) : v.toLocaleString("en-US");
}

export function percent(v: unknown): string {
  return typeof v === "number" && Number.isFinite(v) ? `${Math.round(v * 100)} %` : "–";
}

export function bytes(v: unknown): string {
  if (typeof v !== "number") return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let [n, i] = [v, 0];
  while (n >= 1024 && i < units.length - 1) [n, i] = [n / 1024, i + 1];
  return `${i === 0 ? n : n.toFixed(1)} ${units[i]}`;
}

export function seconds(v: unknown): string {
  if (typeof v !== "number" || !Number.isFinite(v)) return "–";
  if (v < 0.1) return `${(v * 1000).toPrecision(2)} ms`;
  if (v < 60) return `${Number(v.toPrecision(3))} s`;
  if (v < 3600) return `${Math.floor(v / 60)} min ${Math.round(v % 60)} s`;
  if (v < 86400) return `${Math.floor(v / 3600)} h ${Math.round((v % 3600) / 60)} min`;
  return `${Math.floor(v / 86400)} d ${Math.round((v % 86400) / 3600)} h`;
}

/** when reads the times of the database (ISO, UTC) and of blocks (µs or seconds since 1970). */
export function when(v: unknown): Date | null {
  if (typeof v === "number") return new Date(v > 1e14 ? v / 1000 : v > 1e11 ? v : v * 1000);
  if (typeof v !== "string" || v === "") return null;
  const d = new Date(/Z$|[+-]\d\d:?\d\d$/.test(v) ? v : v + "Z");
  return Number.isNaN(d.getTime()) ? null : d;
}

const two = (n: number) => String(n).padStart(2, "0");

export function moment(v: unknown): string {
  const d = v instanceof Date ? v : when(v);
  if (!d) return "–";
  const day = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  const time = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  return day === new Date().toISOString().slice(0, 10) ? time : `${day} ${time}`;
}

export const short = (id: unknown, n = 10): string => (typeof id === "string" && id !== "" ? id.slice(0, n) : "–");

/** cell shows a value of a table, by the name of its column. */
export function cell(name: string, v: unknown): string {
  if (v === null || v === undefined || v === "") return "–";
  if (typeof v === "boolean") return v ? "yes" : "no";
  if (name.endsWith("timestamp_utc") || name.endsWith("timestamp") || name.endsWith("_at") || name === "first_seen" || name === "start_time") return moment(v);
  if (name === "seconds" || name.endsWith("_seconds") || name === "elapsed") return seconds(v);
  if (typeof v === "number") return figure(v);
  if (typeof v === "string" && /^[0-9a-f]{24,}$/.test(v)) return short(v);
  if (typeof v === "object") return JSON.stringify(v);
  return String(v);
}

/** csv makes a file of columns: the names, then the rows. */
export function csv(names: string[], rows: Iterable<readonly unknown[]>): string {
  const quote = (v: unknown) => {
    if (v === null || v === undefined || (typeof v === "number" && Number.isNaN(v))) return "";
    const s = typeof v === "object" ? JSON.stringify(v) : String(v);
    return /[",\n]/.test(s) ? `"${s.replaceAll('"', '""')}"` : s;
  };
  let out = names.map(quote).join(",") + "\n";
  for (const row of rows) out += row.map(quote).join(",") + "\n";
  return out;
}
