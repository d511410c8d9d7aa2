import { useEffect, useRef } from "react";

/** Runs `action` when `key` is pressed alone, outside of text fields and open dialogs. */
export function useShortcut(key: string, action: () => void): void {
  const latest = useRef(action);
  useEffect(() => {
    latest.current = action;
  });
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      const withModifier = event.ctrlKey || event.metaKey || event.altKey;
      if (event.key.toLowerCase() !== key || withModifier || isBusy(event.target)) {
        return;
      }
      event.preventDefault();
      latest.current();
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [key]);
}

function isBusy(target: EventTarget | null): boolean {
  const typing =
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
  return typing || document.querySelector("[role=dialog], [role=alertdialog]") !== null;
}
