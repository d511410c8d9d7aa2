import { describe, expect, test } from "vitest";
import { code, futureExpiry, target } from "@/features/links/link-schema";

describe("a target", () => {
  test.each([
    ["example.com/path", "https://example.com/path"],
    ["  http://example.com ", "http://example.com"],
    ["localhost:3000", "https://localhost:3000"],
    ["example.com:8080/x", "https://example.com:8080/x"],
    ["https://example.com?u=http://x", "https://example.com?u=http://x"],
  ])("%s means %s", (text, url) => {
    expect(target.parse(text)).toBe(url);
  });

  test.each(["", "hello", "javascript:alert(1)", "mailto:a@example.com", "ftp://example.com"])(
    "%s is refused",
    (text) => {
      expect(target.safeParse(text).success).toBe(false);
    },
  );
});

test("a code may be empty, and holds 64 letters, digits, - and _ at most", () => {
  const accepts = (text: string) => code.safeParse(text).success;
  expect(["", "aB3_-", "x".repeat(64)].map(accepts)).toEqual([true, true, true]);
  expect(["a b", "ä", "a/b", "x".repeat(65)].map(accepts)).toEqual([false, false, false, false]);
});

test("an expiry lies in the future, or nowhere", () => {
  expect(futureExpiry.safeParse("").success).toBe(true);
  expect(futureExpiry.safeParse("2999-01-01T00:00").success).toBe(true);
  expect(futureExpiry.safeParse("2001-01-01T00:00").success).toBe(false);
});
