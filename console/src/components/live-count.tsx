import { formatCount } from "@/lib/format";

/** A number that lights up for a moment whenever it changes. */
export function LiveCount({ value }: { value: number }) {
  // A new key is a new element, which starts the animation again.
  return (
    <span key={value} className="animate-tick tabular-nums">
      {formatCount(value)}
    </span>
  );
}
