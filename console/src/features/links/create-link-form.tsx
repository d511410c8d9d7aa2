import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import * as z from "zod";
import { toApiError } from "@/api/error";
import type { ShortLink } from "@/api/types";
import { Button } from "@/components/button";
import { FormError } from "@/components/form-error";
import { TextField } from "@/components/text-field";
import { code, futureExpiry, target, title } from "@/features/links/link-schema";
import { useCreateLink } from "@/features/links/queries";
import { showServerErrors } from "@/features/links/server-errors";
import { fromLocalInput } from "@/lib/format";

const schema = z.object({ original_url: target, code, title, expires_at: futureExpiry });
type Field = keyof z.input<typeof schema>;

const FIELDS = ["original_url", "code", "title", "expires_at"] as const;

export function CreateLinkForm({ onCreated }: { onCreated: (link: ShortLink) => void }) {
  const create = useCreateLink();
  const form = useForm({
    resolver: zodResolver(schema),
    mode: "onChange",
    defaultValues: { original_url: "", code: "", title: "", expires_at: "" },
  });
  const { errors, touchedFields, isSubmitted } = form.formState;
  const suggestion = create.error ? toApiError(create.error).suggestion : undefined;

  // A code is wrong as soon as it holds a wrong character; an address is only unfinished.
  function errorOf(field: Field) {
    const settled = field === "code" || touchedFields[field] || isSubmitted;
    return settled ? errors[field]?.message : undefined;
  }

  async function submit(values: z.output<typeof schema>) {
    try {
      const link = await create.mutateAsync({
        original_url: values.original_url,
        ...(values.code && { code: values.code }),
        ...(values.title && { title: values.title }),
        ...(values.expires_at && { expires_at: fromLocalInput(values.expires_at) }),
      });
      onCreated(link);
    } catch (failure) {
      const error = toApiError(failure);
      if (error.code === "code_taken") {
        form.setError("code", { type: "taken", message: error.message });
      } else {
        showServerErrors(failure, FIELDS, form.setError);
      }
    }
  }

  return (
    <form onSubmit={form.handleSubmit(submit)} noValidate className="space-y-4">
      <FormError message={errors.root?.message} />
      <TextField
        label="Target"
        inputMode="url"
        autoComplete="off"
        placeholder="https://example.com/a/long/address"
        error={errorOf("original_url")}
        {...form.register("original_url")}
      />
      <TextField
        label="Code"
        optional
        prefix="/"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        hint="Leave it empty and you get a random one."
        error={errorOf("code")}
        remedy={
          errors.code?.type === "taken" &&
          suggestion && (
            <button
              type="button"
              className="font-medium underline underline-offset-2"
              onClick={() => form.setValue("code", suggestion, { shouldValidate: true })}
            >
              Use {suggestion}
            </button>
          )
        }
        {...form.register("code")}
      />
      <TextField
        label="Title"
        optional
        autoComplete="off"
        error={errorOf("title")}
        {...form.register("title")}
      />
      <TextField
        label="Expires"
        optional
        type="datetime-local"
        error={errorOf("expires_at")}
        {...form.register("expires_at")}
      />
      <div className="flex justify-end pt-2">
        <Button type="submit" look="primary" busy={create.isPending} className="max-sm:w-full">
          {create.isPending ? "Creating…" : "Create link"}
        </Button>
      </div>
    </form>
  );
}
