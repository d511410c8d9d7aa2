import type { ComponentProps } from "react";
import { type ButtonLook, buttonStyle } from "@/components/button-style";

type Props = ComponentProps<"button"> & {
  look?: ButtonLook;
  /** Work is under way: the button keeps its width and its focus, and does nothing. */
  busy?: boolean;
};

export function Button({ look = "secondary", busy = false, className, onClick, ...rest }: Props) {
  return (
    <button
      type="button"
      aria-disabled={busy || undefined}
      aria-busy={busy || undefined}
      className={buttonStyle(look, busy ? `opacity-60 ${className ?? ""}` : className)}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      {...rest}
    />
  );
}
