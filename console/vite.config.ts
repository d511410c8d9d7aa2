import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/**
 * The toaster writes its own <style>, which the server's content security policy refuses. The same rules
 * are in a file of it, which app.tsx imports.
 */
const toasterWithoutStyle: Plugin = {
  name: "toaster-without-style",
  transform(code, id) {
    if (!id.includes("/sonner/dist/index.mjs")) {
      return null;
    }
    const without = code.replace(/^__insertCSS\(.*\);?$/m, "");
    if (without === code) {
      this.error("sonner inserts its style in another way than before");
    }
    return { code: without, map: null };
  },
};

export default defineConfig({
  // The control plane serves the console under this path, on the same origin as the API.
  base: "/console/",
  plugins: [toasterWithoutStyle, react(), tailwindcss()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  // Host stays what the browser asked for: changes that another origin caused are refused.
  server: { proxy: { "/api": { target: "http://localhost:8080", changeOrigin: false } } },
  build: {
    // The server's `default-src 'self'` refuses data: URLs, so nothing may be inlined.
    assetsInlineLimit: 0,
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test/setup.ts"],
    // Vitest serves from "/" whatever `base` says.
    env: { BASE_URL: "/console/" },
    restoreMocks: true,
    testTimeout: 20_000,
    // Two cores are enough; more workers make the slowest test slower.
    maxWorkers: 2,
  },
});
