import { formatCount } from "@/lib/format";

/** A number that lights up for a moment whenever it changes; null is a number nobody knows now. */
export function LiveCount({ value }: { value: number | null }) {
  if (value === null) {
    return <span title="The statistics cannot be reached">–</span>;
  }
  // A new key is a new element, which starts the animation again.
  return (
    <span key={value} className="animate-tick tabular-nums">
      {formatCount(value)}
    </span>
  );
}
