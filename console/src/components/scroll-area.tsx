import type { ReactNode } from "react";

/** Scrolls on its own, by keyboard too: hence the focus. */
export function ScrollArea({ label, children }: { label: string; children: ReactNode }) {
  return (
    <section
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: without it no key can scroll this
      tabIndex={0}
      className="m-4 max-h-96 overflow-y-auto rounded-lg border border-line sm:m-5"
    >
      {children}
    </section>
  );
}
