import { defineConfig } from "vite";

// The script of the report page, which a report holds as it is, between two tags: one file, for an ordinary script. Its sheet is the dashboard's.
export default defineConfig({
  publicDir: false,
  build: {
    outDir: "../report",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    lib: { entry: "src/report.tsx", formats: ["iife"], name: "report", fileName: () => "report.js" },
  },
  plugins: [
    {
      name: "no sheet",
      enforce: "post",
      generateBundle(_, files) {
        for (const name of Object.keys(files)) if (name.endsWith(".css")) delete files[name];
      },
    },
  ],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
});
