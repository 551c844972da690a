// What the page knows: the node's state, live by server-sent events; where it is; which run is marked.
import { useEffect, useReducer, useRef, useState } from "preact/hooks";
import { decode, type Columns } from "./columns.ts";

export type Row = Record<string, any>;
export interface Table {
  names: string[];
  rows: unknown[][];
  total: number;
  more?: boolean;
  note?: string;
  missing?: string;
}

/** Cell is a value that tells who has read it when it changes. */
class Cell<T> {
  private readers = new Set<() => void>();
  constructor(private value: T) {}
  get(): T {
    return this.value;
  }
  set(v: T): void {
    if (v === this.value) return;
    this.value = v;
    for (const tell of [...this.readers]) tell();
  }
  subscribe(tell: () => void): () => void {
    this.readers.add(tell);
    return () => this.readers.delete(tell);
  }
}

export function use<T>(c: Cell<T>): T {
  const [, again] = useReducer((n: number) => n + 1, 0);
  useEffect(() => c.subscribe(() => again(undefined as never)), [c]);
  return c.get();
}

export const state = new Cell<Row | null>(null);
export const version = new Cell("");
/** link is how the node is reached: "…" at first, then "live" or "lost". */
export const link = new Cell<"…" | "live" | "lost">("…");
/** marked is the experiment that is pointed at, in whichever picture. */
export const marked = new Cell("");
export const theme = new Cell<"light" | "dark">("light");

export function connect(): void {
  const source = new EventSource("/events");
  source.addEventListener("state", (e) => {
    const told = JSON.parse((e as MessageEvent<string>).data) as { version: string; state: Row | null };
    if (told.state) state.set(told.state);
    version.set(told.version);
    link.set("live");
  });
  source.onerror = () => {
    link.set("lost");
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
  };
}

// Where the page is: #/view?key=value.
export interface Place {
  view: string;
  args: URLSearchParams;
}
const parse = (): Place => {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { view: path || "overview", args: new URLSearchParams(query) };
};
export const place = new Cell<Place>(parse());
addEventListener("hashchange", () => place.set(parse()));

export function href(view: string, args: Record<string, string | number | undefined | null> = {}): string {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(args)) if (v !== undefined && v !== null && v !== "") q.set(k, String(v));
  const text = q.toString();
  return `#/${view}${text ? "?" + text : ""}`;
}

/** amend changes arguments of the place; "" removes one. */
export function amend(changes: Record<string, string>): void {
  const { view, args } = place.get();
  const all = Object.fromEntries(args);
  location.replace(href(view, { ...all, ...changes }));
}

export interface Loaded<T> {
  data: T | null;
  error: string;
}

/**
 * load asks for a view of what was recorded, again when something has changed, at most every `every` ms. An answer that was
 * there stays until the next one.
 */
export function load<T = Table>(path: string | null, every = 2000): Loaded<T> {
  const [got, set] = useState<Loaded<T> & { path: string | null }>({ data: null, error: "", path: null });
  const now = use(version);
  const asked = useRef({ path: "", at: 0, version: "", timer: 0, gone: false });
  useEffect(() => {
    const a = asked.current;
    return () => {
      a.gone = true;
      clearTimeout(a.timer);
    };
  }, []);
  useEffect(() => {
    const a = asked.current;
    if (path === null || (a.path === path && a.version === now)) return;
    const again = a.path === path; // an answer on its way stays good: only another path makes it useless
    const wait = again ? Math.max(0, a.at + every - Date.now()) : 0;
    clearTimeout(a.timer);
    a.path = path;
    const once = async () => {
      a.at = Date.now();
      a.version = now;
      const useful = () => !a.gone && a.path === path;
      try {
        const data = await ask<T>(path);
        if (useful()) set({ data, error: "", path });
      } catch (e) {
        if (!useful()) return;
        set((old) => ({ data: old.path === path ? old.data : null, error: (e as Error).message, path }));
        if (/busy/.test((e as Error).message)) a.timer = setTimeout(once, 1500) as unknown as number;
      }
    };
    a.timer = setTimeout(once, wait) as unknown as number;
  }, [path, now]);
  return got.path === path ? got : { data: got.data, error: "" };
}

/** ask fetches JSON or columns. */
export async function ask<T>(path: string): Promise<T> {
  const answer = await fetch(path, { headers: { Accept: "application/json, application/octet-stream" } });
  if (!answer.ok) {
    const text = await answer.text();
    let why = text;
    try {
      why = (JSON.parse(text) as { error?: string; detail?: string }).error ?? text;
    } catch {
      // a proxy's page: its text will do
    }
    throw new Error(why || `answer ${answer.status}`);
  }
  if (answer.headers.get("Content-Type") === "application/octet-stream") return decode(await answer.arrayBuffer()) as T;
  return (await answer.json()) as T;
}

export type { Columns };

/** objects are the rows of a table by the names of its columns. */
export function objects(t: Table | null): Row[] {
  return t ? t.rows.map((r) => Object.fromEntries(t.names.map((n, i) => [n, r[i]]))) : [];
}

export function data(view: string, args: Record<string, string | number | undefined | null> = {}): string {
  return `/web/data/${view}${href("", args).replace(/^#\//, "")}`;
}
