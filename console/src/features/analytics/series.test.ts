import { describe, expect, test } from "vitest";
import { rangeStart } from "@/features/analytics/range";
import { describeSeries } from "@/features/analytics/series";

describe("the start of a range", () => {
  const now = new Date("2026-11-22T13:37:11Z");

  test.each([
    ["24h", "2026-11-21T14:00:00.000Z"],
    ["7d", "2026-11-15T14:00:00.000Z"],
  ] as const)("%s ends with the hour that is running", (range, from) => {
    expect(rangeStart(range, now)).toBe(from);
  });

  test("a full hour belongs to the hour that begins", () => {
    expect(rangeStart("24h", new Date("2026-11-22T13:00:00Z"))).toBe("2026-11-21T14:00:00.000Z");
  });
});

describe("the chart in one sentence", () => {
  const at = (hour: number, clicks: number) => ({ start: `2026-11-22T0${hour}:00:00Z`, clicks });

  test("names the sum and the best hour", () => {
    const sentence = describeSeries([at(1, 1), at(2, 4)], "24h");
    expect(sentence).toContain("last 24 hours: 5 clicks, at most 4 clicks on ");
  });

  test("says when there is nothing", () => {
    expect(describeSeries([at(1, 0)], "7d")).toMatch(/last 7 days: no clicks\.$/);
  });
});
