import { classNames } from "@/components/class-names";

/** A grey bar where text will be; give it the text's size, so that nothing moves. */
export function Skeleton({ className }: { className: string }) {
  return (
    <span
      aria-hidden="true"
      className={classNames("block animate-shimmer rounded bg-sunken", className)}
    />
  );
}
