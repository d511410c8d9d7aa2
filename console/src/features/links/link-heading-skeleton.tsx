import { Skeleton } from "@/components/skeleton";

export function LinkHeadingSkeleton() {
  return (
    <div role="status" aria-label="Loading the link">
      <div className="flex h-8 items-center">
        <Skeleton className="h-6 w-64 max-w-full" />
      </div>
      <div className="mt-1 flex h-5 items-center">
        <Skeleton className="h-3.5 w-80 max-w-full" />
      </div>
      <div className="mt-4 flex h-[1.16rem] items-center">
        <Skeleton className="h-3 w-44" />
      </div>
    </div>
  );
}
