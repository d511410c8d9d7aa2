import { classNames } from "@/components/class-names";

const LOOKS = {
  primary: "bg-action text-action-ink hover:bg-action-hover",
  secondary: "bg-surface text-ink inset-ring inset-ring-line-strong hover:bg-sunken",
  quiet: "text-ink-soft hover:bg-sunken hover:text-ink",
  danger:
    "text-danger inset-ring inset-ring-line-strong hover:bg-danger-soft hover:inset-ring-danger",
};

export type ButtonLook = keyof typeof LOOKS;

/** For what acts like a button without being one: links, and the parts of Base UI. */
export function buttonStyle(look: ButtonLook, className?: string): string {
  return classNames(
    "inline-flex h-9 shrink-0 items-center justify-center gap-2 rounded-lg px-3.5 font-medium",
    "whitespace-nowrap select-none transition-colors duration-100 active:translate-y-px",
    "disabled:opacity-55 disabled:active:translate-y-0",
    LOOKS[look],
    className,
  );
}
