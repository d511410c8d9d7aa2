import { test as base, expect } from "@playwright/test";

export { expect };

/** A browser in which no page may ask for what the server's content security policy refuses. */
export const test = base.extend<{ nothingRefused: undefined }>({
  nothingRefused: [
    async ({ context }, use) => {
      const refused: string[] = [];
      context.on("console", (message) => {
        if (/content security policy/i.test(message.text())) {
          refused.push(message.text());
        }
      });
      await use(undefined);
      expect(refused).toEqual([]);
    },
    { auto: true },
  ],
});
