import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { toast } from "sonner";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { server } from "@/test/server";

// A busy machine is not a failure.
configure({ asyncUtilTimeout: 5_000 });

const unknownRequests: string[] = [];
server.events.on("request:unhandled", ({ request }) => {
  unknownRequests.push(`${request.method} ${request.url}`);
});

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));

afterEach(() => {
  cleanup();
  toast.dismiss();
  server.resetHandlers();
  expect(unknownRequests.splice(0), "requests that no handler answers").toEqual([]);
});

afterAll(() => server.close());

// What jsdom lacks and the components need. Everything has one size, so that the chart draws.
Element.prototype.getBoundingClientRect = () => new DOMRect(0, 0, 600, 240);
Element.prototype.setPointerCapture = () => {};
globalThis.ResizeObserver = class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
window.scrollTo = () => {};
window.matchMedia = (media) =>
  Object.assign(new EventTarget(), {
    media,
    matches: false,
    onchange: null,
    addListener() {},
    removeListener() {},
  });
