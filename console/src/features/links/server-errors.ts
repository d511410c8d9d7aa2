import type { FieldValues, Path, UseFormSetError } from "react-hook-form";
import { toApiError } from "@/api/error";

/** Puts what the API objected to beside the fields; what fits nowhere concerns the whole form. */
export function showServerErrors<Values extends FieldValues>(
  failure: unknown,
  fields: readonly Path<Values>[],
  setError: UseFormSetError<Values>,
): void {
  const error = toApiError(failure);
  const known = error.fields.filter(({ field }) => fields.some((name) => name === field));
  const unknown = error.fields.filter((objection) => !known.includes(objection));

  for (const { field, message } of known) {
    setError(field as Path<Values>, { type: "server", message });
  }
  if (known.length === 0 || unknown.length > 0) {
    const message = unknown.map((objection) => objection.message).join(" ");
    setError("root", { type: "server", message: message || error.message });
  }
}
