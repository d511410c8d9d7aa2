import { type ReactNode, useEffect } from "react";

export function Page({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · LinkPulse`;
  }, [title]);

  return <main className="mx-auto max-w-6xl px-4 py-8 sm:px-6 sm:py-10">{children}</main>;
}
