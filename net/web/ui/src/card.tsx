// The frame of a picture or a table: its title, what it is of, and what can be taken from it.
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { palette } from "./theme.ts";
import { csv } from "./format.ts";

export interface Taken {
  names: string[];
  rows: Iterable<readonly unknown[]>;
}

interface CardProps {
  title: string;
  /** what the picture is of, where that is not all: a sample, the newest. */
  note?: ComponentChildren;
  children: ComponentChildren;
  /** the data behind it, for the CSV file. */
  take?: (() => Taken) | undefined;
  /** the table that it is made from, which leaves as a Parquet file. */
  table?: string | undefined;
  picture?: boolean;
  wide?: boolean;
  tools?: ComponentChildren;
}

export function Card({ title, note, children, take, table, picture = true, wide, tools }: CardProps) {
  const body = useRef<HTMLDivElement>(null);
  const name = title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  return (
    <section class={"card" + (wide ? " wide" : "")}>
      <header>
        <h3>{title}</h3>
        <div class="tools">
          {tools}
          {picture && take && (
            <button type="button" class="small" title="Save the picture" onClick={() => body.current && void png(body.current, title, name)}>
              PNG
            </button>
          )}
          {take && (
            <button type="button" class="small" title="Save the numbers" onClick={() => saveCSV(name, take())}>
              CSV
            </button>
          )}
          {table && (
            <a class="small" href={`/export/${table}.parquet`} download={`${table}.parquet`} title={`Save all of ${table}, from which this is made`}>
              Parquet
            </a>
          )}
        </div>
      </header>
      {note && <p class="note">{note}</p>}
      <div class="body" ref={body}>
        {children}
      </div>
    </section>
  );
}

function save(blob: Blob, file: string): void {
  const a = document.createElement("a");
  a.href = URL.createObjectURL(blob);
  a.download = file;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
}

function saveCSV(name: string, t: Taken): void {
  save(new Blob([csv(t.names, t.rows)], { type: "text/csv" }), `${name}.csv`);
}

/** png draws canvases and SVGs of an element, one under the other, below a title. */
async function png(from: HTMLElement, title: string, name: string): Promise<void> {
  const p = palette();
  const parts: { image: CanvasImageSource; width: number; height: number }[] = [];
  for (const e of from.querySelectorAll<HTMLCanvasElement | SVGSVGElement>("canvas, svg")) {
    const box = e.getBoundingClientRect();
    if (e instanceof HTMLCanvasElement) parts.push({ image: e, width: box.width, height: box.height });
    else parts.push({ image: await picture(e, box), width: box.width, height: box.height });
  }
  const width = Math.max(320, ...parts.map((x) => x.width)) + 32;
  const height = parts.reduce((h, x) => h + x.height, 0) + 56;
  const scale = Math.max(2, devicePixelRatio);
  const canvas = document.createElement("canvas");
  canvas.width = width * scale;
  canvas.height = height * scale;
  const g = canvas.getContext("2d")!;
  g.scale(scale, scale);
  g.fillStyle = p.ground;
  g.fillRect(0, 0, width, height);
  g.fillStyle = p.text;
  g.font = "600 15px system-ui, sans-serif";
  g.fillText(title, 16, 26);
  let at = 40;
  for (const x of parts) {
    g.drawImage(x.image, 16, at, x.width, x.height);
    at += x.height;
  }
  canvas.toBlob((b) => b && save(b, `${name}.png`));
}

function picture(svg: SVGSVGElement, box: DOMRect): Promise<HTMLImageElement> {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(box.width));
  copy.setAttribute("height", String(box.height));
  copy.setAttribute("font-family", "system-ui, sans-serif");
  const image = new Image();
  return new Promise((done, fail) => {
    image.onload = () => done(image);
    image.onerror = () => fail(new Error("the picture cannot be drawn"));
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(copy));
  });
}

/** Empty says why there is nothing, and what to do. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {children && <p>{children}</p>}
    </div>
  );
}

/** Trouble is what went wrong, or that an answer is on its way. */
export function Trouble({ error }: { error: string }) {
  return error ? <div class="empty bad">{error}</div> : <div class="empty">…</div>;
}
