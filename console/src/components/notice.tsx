import type { ReactNode } from "react";

type Props = { title: string; children?: ReactNode; action?: ReactNode };

/** Stands in place of content that is empty, missing or failed. */
export function Notice({ title, children, action }: Props) {
  return (
    <div className="flex flex-col items-center px-6 py-16 text-center">
      <h2 className="text-base font-semibold tracking-tight">{title}</h2>
      {children && <div className="mt-1.5 max-w-sm text-balance text-ink-soft">{children}</div>}
      {action && <div className="mt-5">{action}</div>}
    </div>
  );
}
