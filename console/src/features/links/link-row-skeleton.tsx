import { Skeleton } from "@/components/skeleton";

/** As high and as wide as a row that has arrived. */
export function LinkRowSkeleton() {
  return (
    <tr className="h-[4.25rem] border-t border-line">
      <td className="pl-4 sm:pl-5">
        <Skeleton className="h-3.5 w-40 max-w-full" />
        <Skeleton className="mt-3 h-3 w-64 max-w-full" />
      </td>
      <td className="hidden px-3 lg:table-cell">
        <Skeleton className="h-3.5 w-28" />
      </td>
      <td className="px-3">
        <Skeleton className="h-3.5 w-3 md:w-16" />
      </td>
      <td className="px-3 max-md:pr-4">
        <Skeleton className="ml-auto h-3.5 w-8" />
      </td>
      <td className="hidden px-3 pr-5 md:table-cell">
        <Skeleton className="ml-auto h-3.5 w-16" />
      </td>
    </tr>
  );
}
