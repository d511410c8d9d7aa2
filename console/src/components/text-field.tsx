import { type ComponentProps, type ReactNode, useId } from "react";
import { classNames } from "@/components/class-names";

type Props = ComponentProps<"input"> & {
  label: string;
  optional?: boolean;
  hint?: ReactNode;
  error?: string | undefined;
  /** Stands inside the frame, before the text. */
  prefix?: string;
  /** Stands beside the error, such as a way out of it. */
  remedy?: ReactNode;
};

export function TextField({ label, optional, hint, error, prefix, remedy, ...input }: Props) {
  const id = useId();
  const noteId = `${id}-note`;
  const note = error ?? hint;
  return (
    <div>
      <div className="mb-1.5 flex items-baseline justify-between">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {optional && <span className="text-xs text-ink-faint">Optional</span>}
      </div>
      <div
        className={classNames(
          "flex h-10 items-center rounded-lg bg-surface inset-ring transition-shadow",
          "focus-within:outline-2 focus-within:-outline-offset-1",
          error
            ? "inset-ring-danger focus-within:outline-danger"
            : "inset-ring-line-strong focus-within:outline-accent-bright",
        )}
      >
        {prefix && <span className="pl-3 font-mono text-ink-faint">{prefix}</span>}
        <input
          id={id}
          aria-invalid={error ? true : undefined}
          aria-describedby={note ? noteId : undefined}
          className={classNames(
            "h-full w-full min-w-0 rounded-lg bg-transparent pr-3 text-base outline-none sm:text-sm",
            "placeholder:text-ink-faint/75",
            prefix ? "pl-0.5 font-mono" : "pl-3",
          )}
          {...input}
        />
      </div>
      {note && (
        <p
          id={noteId}
          className={classNames("mt-1.5 text-[13px]", error ? "text-danger" : "text-ink-faint")}
        >
          {note} {error && remedy}
        </p>
      )}
    </div>
  );
}
