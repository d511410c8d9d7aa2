import { Link } from "@tanstack/react-router";
import type { LinkStatus } from "@/api/types";
import { EXACTLY, segmentStyle, segmentsStyle } from "@/components/segment-style";

const CHOICES: { status: LinkStatus | undefined; label: string }[] = [
  { status: undefined, label: "All" },
  { status: "active", label: "Active" },
  { status: "scheduled", label: "Scheduled" },
  { status: "disabled", label: "Disabled" },
  { status: "expired", label: "Expired" },
  { status: "blocked", label: "Blocked" },
  { status: "deleted", label: "Deleted" },
];

export function StatusFilter({ chosen }: { chosen: LinkStatus | undefined }) {
  return (
    <nav aria-label="Status" className="-mx-4 overflow-x-auto px-4 sm:mx-0 sm:px-0">
      <ul className={segmentsStyle}>
        {CHOICES.map(({ status, label }) => (
          <li key={label}>
            <Link
              to="/links"
              search={(search) => ({ ...search, status })}
              activeOptions={EXACTLY}
              aria-current={status === chosen ? "page" : undefined}
              className={segmentStyle(status === chosen)}
            >
              {label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
