import { useEffect, useRef, useState } from "react";
import { SearchIcon } from "@/components/icons";
import { KeyHint } from "@/components/key-hint";
import { useDebounced } from "@/lib/use-debounced";
import { useShortcut } from "@/lib/use-shortcut";

type Props = { value: string; onSearch: (text: string) => void };

export function SearchField({ value, onSearch }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const lastSent = useRef(value);
  const [text, setText] = useState(value);
  useShortcut("/", () => input.current?.focus());

  const search = useDebounced((next: string) => {
    lastSent.current = next;
    onSearch(next);
  }, 200);

  // Follows the address bar (back button, "show all"), but never its own echo: somebody may have
  // typed on in the meantime.
  useEffect(() => {
    if (value !== lastSent.current) {
      lastSent.current = value;
      setText(value);
    }
  }, [value]);

  return (
    <div className="relative flex h-9 min-w-0 items-center sm:flex-1 rounded-lg bg-surface inset-ring inset-ring-line-strong focus-within:outline-2 focus-within:-outline-offset-1 focus-within:outline-accent-bright sm:max-w-72">
      <span className="pointer-events-none absolute left-2.5 text-ink-faint">
        <SearchIcon />
      </span>
      <input
        ref={input}
        type="search"
        aria-label="Search links"
        // The API refuses longer ones.
        maxLength={200}
        placeholder="Search"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          search(event.target.value);
        }}
        className="h-full w-full min-w-0 bg-transparent pr-2 pl-8.5 text-base outline-none placeholder:text-ink-faint sm:text-sm"
      />
      {text === "" && (
        <span className="pr-2.5 text-ink-faint">
          <KeyHint>/</KeyHint>
        </span>
      )}
    </div>
  );
}
