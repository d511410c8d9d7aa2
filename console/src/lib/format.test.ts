import { expect, test } from "vitest";
import { formatRelative, formatUrl, fromLocalInput, toLocalInput } from "@/lib/format";

const now = new Date("2026-11-22T12:00:00Z");

test.each([
  ["2026-11-22T11:59:30Z", "just now"],
  ["2026-11-22T11:58:00Z", "2 min. ago"],
  ["2026-11-22T09:00:00Z", "3 hr. ago"],
  ["2026-11-21T12:00:00Z", "yesterday"],
  ["2026-11-22T12:00:02Z", "just now"],
  ["2026-11-22T12:00:40Z", "in a moment"],
])("%s is %s", (timestamp, expected) => {
  expect(formatRelative(timestamp, now)).toBe(expected);
});

test.each([
  ["https://www.example.com/", "example.com"],
  ["http://localhost:8080/a", "localhost:8080/a"],
  ["https://example.com/a?b=c", "example.com/a?b=c"],
])("%s is shown as %s", (url, expected) => {
  expect(formatUrl(url)).toBe(expected);
});

test("a moment survives the way through an input of local time", () => {
  const timestamp = "2026-11-22T12:34:00.000Z";
  expect(fromLocalInput(toLocalInput(timestamp))).toBe(timestamp);
  expect(fromLocalInput(toLocalInput(null))).toBeNull();
});
