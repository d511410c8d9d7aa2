import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import * as z from "zod";
import type { ShortLink } from "@/api/types";
import { Button } from "@/components/button";
import { FormError } from "@/components/form-error";
import { TextField } from "@/components/text-field";
import { expiry, target, title } from "@/features/links/link-schema";
import { useUpdateLink } from "@/features/links/queries";
import { showServerErrors } from "@/features/links/server-errors";
import { fromLocalInput, toLocalInput } from "@/lib/format";

const schema = z.object({ original_url: target, title, expires_at: expiry, enabled: z.boolean() });

const FIELDS = ["original_url", "title", "expires_at", "enabled"] as const;

export function EditLinkForm({ link, onSaved }: { link: ShortLink; onSaved: () => void }) {
  const update = useUpdateLink(link.id);
  const form = useForm({
    resolver: zodResolver(schema),
    mode: "onTouched",
    defaultValues: {
      original_url: link.original_url,
      title: link.title ?? "",
      expires_at: toLocalInput(link.expires_at),
      enabled: link.enabled,
    },
  });
  const { errors, dirtyFields } = form.formState;

  // Only what was changed here is sent, so that somebody else's change to the rest survives.
  async function submit(values: z.output<typeof schema>) {
    try {
      await update.mutateAsync({
        ...(dirtyFields.original_url && { original_url: values.original_url }),
        ...(dirtyFields.title && { title: values.title || null }),
        ...(dirtyFields.expires_at && { expires_at: fromLocalInput(values.expires_at) }),
        ...(dirtyFields.enabled && { enabled: values.enabled }),
      });
      onSaved();
    } catch (failure) {
      showServerErrors(failure, FIELDS, form.setError);
    }
  }

  return (
    <form onSubmit={form.handleSubmit(submit)} noValidate className="space-y-4">
      <FormError message={errors.root?.message} />
      <TextField
        label="Target"
        inputMode="url"
        autoComplete="off"
        error={errors.original_url?.message}
        {...form.register("original_url")}
      />
      <TextField
        label="Title"
        optional
        autoComplete="off"
        error={errors.title?.message}
        {...form.register("title")}
      />
      <TextField
        label="Expires"
        optional
        type="datetime-local"
        hint="From then on visitors are told that the link is gone."
        error={errors.expires_at?.message}
        {...form.register("expires_at")}
      />
      <label className="flex items-center gap-2.5 py-1 font-medium">
        <input type="checkbox" className="size-4 accent-accent" {...form.register("enabled")} />
        Enabled
      </label>
      <div className="flex justify-end pt-2">
        <Button
          type="submit"
          look="primary"
          busy={update.isPending}
          disabled={!form.formState.isDirty}
          className="max-sm:w-full"
        >
          {update.isPending ? "Saving…" : "Save changes"}
        </Button>
      </div>
    </form>
  );
}
