/** The key that does the same; people with a touch screen do not get to see it. */
export function KeyHint({ children }: { children: string }) {
  return (
    <span
      aria-hidden="true"
      className="hidden rounded border border-current/25 px-1 font-mono text-[10px] leading-4 opacity-60 pointer-fine:inline"
    >
      {children}
    </span>
  );
}
