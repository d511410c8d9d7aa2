import { classNames } from "@/components/class-names";

/** Says whether the numbers beside it are being kept up to date. */
export function LiveSign({ connected }: { connected: boolean }) {
  return (
    <span role="status" className="inline-flex items-center gap-2 text-[13px] text-ink-soft">
      <span
        aria-hidden="true"
        className={classNames(
          "size-1.5 rounded-full",
          connected ? "animate-breathe bg-accent-bright" : "bg-warn",
        )}
      />
      {connected ? "Live" : "Reconnecting…"}
    </span>
  );
}
