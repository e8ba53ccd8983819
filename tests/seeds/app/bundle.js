// Bundles the page of a seed with esbuild, to memory. The printed snippets get their surroundings here, and the imports
// that they print lead to the files that stand for the rest of the team's app. Types are removed and not checked.

import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { fileOf } from "../snippets.js";
import { surrounded } from "./surroundings.js";

const app = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Where the imports lead that the snippets print, or that the pages use for a snippet. */
const PLACES = {
  "@/components/layout/Layout": fileOf("004/Layout.tsx"),
  "@/hooks/useWebSocket": fileOf("004/useWebSocket.ts"),
  "./useAuth": app("./004/useAuth.js"),
  "@/lib/api": app("./004/api.js"),
  "@/printed/effect": fileOf("002/effect.ts"),
  "@/printed/subscribe": fileOf("002/subscribe.ts"),
};

/** The JavaScript of the page of `seed`, such as `004`. */
export async function bundle(seed) {
  const { outputFiles } = await build({
    entryPoints: [app(`./${seed}/main.jsx`)],
    bundle: true,
    write: false,
    format: "iife",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
    // Otherwise esbuild looks for a tsconfig.json in the folders above.
    tsconfigRaw: "{}",
    plugins: [{ name: "snippets", setup: (steps) => setup(steps, seed) }],
  });
  return outputFiles[0].text;
}

function setup({ onResolve, onLoad }, seed) {
  onResolve({ filter: /^(@\/|\.\/useAuth$)/ }, ({ path }) => ({ path: PLACES[path] }));
  onLoad({ filter: /\/snippets\/\d+\// }, ({ path }) => ({
    contents: surrounded(relative(fileOf("."), path)),
    loader: path.endsWith(".tsx") ? "tsx" : "ts",
    resolveDir: app(`./${seed}`),
  }));
}
