import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // The control plane serves the console under this path, on the same origin as the API.
  base: "/console/",
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: { proxy: { "/api": "http://localhost:8080" } },
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
