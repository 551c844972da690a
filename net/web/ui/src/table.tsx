// Tables: rows as the server sends them, sorted and paged by it.
import type { ComponentChildren } from "preact";
import { marked, use, type Row } from "./store.ts";
import { cell } from "./format.ts";

export interface Head {
  name: string;
  title?: string;
  /** how the server is asked to sort, downwards and upwards. */
  sort?: [string, string?];
  show?: (v: any, row: Row) => ComponentChildren;
  number?: boolean;
  /** text that may take several lines. */
  wrap?: boolean;
}

interface GridProps {
  heads: Head[];
  rows: Row[];
  sort?: string;
  onSort?: (order: string) => void;
  onRow?: ((row: Row) => void) | undefined;
  /** the experiment of a row, to be marked with it. */
  run?: (row: Row) => string;
  chosen?: (row: Row) => boolean;
}

export function Grid({ heads, rows, sort, onSort, onRow, run, chosen }: GridProps) {
  const now = use(marked);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="table">
      <table>
        <thead>
          <tr>
            {heads.map((h) => {
              const at = h.sort?.indexOf(sort ?? "") ?? -1;
              return (
                <th key={h.name} class={h.number ? "number" : ""} aria-sort={at === 0 ? "descending" : at === 1 ? "ascending" : "none"}>
                  {h.sort && onSort ? (
                    <button type="button" class="plain" onClick={() => onSort(at === 0 && h.sort![1] ? h.sort![1] : h.sort![0])}>
                      {h.title ?? h.name}
                      {at === 0 ? " ▾" : at === 1 ? " ▴" : ""}
                    </button>
                  ) : (
                    (h.title ?? h.name)
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map((r, i) => {
            const id = run?.(r) ?? "";
            return (
              <tr
                key={i}
                class={[id && id === now ? "marked" : "", onRow ? "link" : "", chosen?.(r) ? "chosen" : ""].join(" ")}
                tabIndex={onRow ? 0 : -1}
                onClick={() => onRow?.(r)}
                onKeyDown={(e) => e.key === "Enter" && onRow?.(r)}
                onMouseEnter={() => id && marked.set(id)}
                onMouseLeave={() => id && marked.set("")}
              >
                {heads.map((h) => (
                  <td key={h.name} class={h.number ? "number" : h.wrap ? "wrap" : ""}>
                    {h.show ? h.show(r[h.name], r) : cell(h.name, r[h.name])}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

export function Pages({ offset, limit, total, more, onMove }: { offset: number; limit: number; total: number; more?: boolean | undefined; onMove: (offset: number) => void }) {
  if (total <= limit && offset === 0) return <p class="note">{total} in all</p>;
  return (
    <p class="pages">
      <button type="button" class="small" disabled={offset === 0} onClick={() => onMove(Math.max(0, offset - limit))}>
        ‹ before
      </button>
      <span>
        {offset + 1}–{Math.min(offset + limit, total)} of {total.toLocaleString("en-US")}
        {more ? " or more" : ""}
      </span>
      <button type="button" class="small" disabled={offset + limit >= total && !more} onClick={() => onMove(offset + limit)}>
        after ›
      </button>
    </p>
  );
}

/** Choice is a labelled list. */
export function Choice({ label, value, options, onChange }: { label: string; value: string; options: [string, string][]; onChange: (v: string) => void }) {
  return (
    <label class="choice">
      <span>{label}</span>
      <select value={value} onChange={(e) => onChange((e.target as HTMLSelectElement).value)}>
        {options.map(([v, text]) => (
          <option key={v} value={v}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
