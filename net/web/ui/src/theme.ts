import { theme } from "./store.ts";

// The palette of Okabe and Ito (2008), which the colour-blind can tell apart; on dark ground a little lighter.
const light = ["#0072b2", "#d55e00", "#009e73", "#b8578f", "#c98a00", "#3a9ad0", "#5b5b5b", "#8a6d3b", "#7a5bb5", "#4b8b3b", "#a33b3b", "#2f6f6f"];
const dark = ["#56b4e9", "#ff8c42", "#2fd0a0", "#e39ac4", "#f0b93a", "#8fd0f5", "#b0b0b0", "#cda96b", "#b39be6", "#8bcf78", "#ee8585", "#74c3c3"];

export interface Palette {
  series: string[];
  text: string;
  soft: string;
  grid: string;
  ground: string;
  good: string;
  bad: string;
}

export function palette(): Palette {
  return theme.get() === "dark"
    ? { series: dark, text: "#e6e8ea", soft: "#9aa4ad", grid: "#2d353c", ground: "#171c21", good: "#2fd0a0", bad: "#ff8c42" }
    : { series: light, text: "#1d2329", soft: "#5c6770", grid: "#e3e7ea", ground: "#ffffff", good: "#00805d", bad: "#c44f00" };
}

export const colour = (i: number): string => {
  const s = palette().series;
  return s[i % s.length]!;
};

// What the person has chosen, or else what the system says.
const media = matchMedia("(prefers-color-scheme: dark)");
function apply(): void {
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem("theme");
  } catch {
    // a page from a file may not keep anything
  }
  const now = chosen === "dark" || chosen === "light" ? chosen : media.matches ? "dark" : "light";
  document.documentElement.dataset.theme = now;
  theme.set(now);
}
media.addEventListener("change", apply);

export function toggleTheme(): void {
  localStorage.setItem("theme", theme.get() === "dark" ? "light" : "dark");
  apply();
}
apply();

/** mix makes a colour of a share of the way from one to another, both #rrggbb. */
export function mix(a: string, b: string, share: number): string {
  const part = (s: string, i: number) => parseInt(s.slice(1 + 2 * i, 3 + 2 * i), 16);
  const s = Math.min(1, Math.max(0, share));
  return "#" + [0, 1, 2].map((i) => Math.round(part(a, i) + (part(b, i) - part(a, i)) * s).toString(16).padStart(2, "0")).join("");
}
