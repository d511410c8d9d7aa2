import type { ReactNode } from "react";
import { classNames } from "@/components/class-names";

const head = "h-10 px-3 text-[13px] font-medium text-ink-faint";

type Props = { busy?: boolean; stale?: boolean; children: ReactNode };

/** The frame of the list; its columns are fixed, so that no row can move them. */
export function LinksTable({ busy = false, stale = false, children }: Props) {
  return (
    <table
      aria-busy={busy}
      className={classNames(
        "w-full table-fixed text-left transition-opacity",
        stale && "opacity-50",
      )}
    >
      <caption className="sr-only">Links, newest first</caption>
      <thead>
        <tr>
          <th scope="col" className={classNames(head, "pl-4 sm:pl-5")}>
            Short link and target
          </th>
          <th scope="col" className={classNames(head, "hidden w-[26%] lg:table-cell")}>
            Title
          </th>
          <th scope="col" className={classNames(head, "w-10 md:w-28")}>
            <span className="max-md:sr-only">Status</span>
          </th>
          <th scope="col" className={classNames(head, "w-20 text-right max-md:pr-4 md:w-24")}>
            Clicks
          </th>
          <th scope="col" className={classNames(head, "hidden w-32 pr-5 text-right md:table-cell")}>
            Created
          </th>
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}
