import { classNames } from "@/components/class-names";

/** A row of choices that belong together. */
export const segmentsStyle = "inline-flex rounded-lg bg-sunken p-0.5";

/**
 * For the router's links among them: without it, a choice that adds nothing to the address would
 * count as current beside every other one.
 */
export const EXACTLY = { exact: true, includeSearch: true };

export function segmentStyle(chosen: boolean): string {
  return classNames(
    "inline-flex h-8 items-center rounded-md px-3 text-[13px] font-medium whitespace-nowrap transition-colors",
    chosen
      ? "bg-raised text-ink shadow-card inset-ring inset-ring-line"
      : "text-ink-soft hover:text-ink",
  );
}
