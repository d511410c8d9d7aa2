import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import * as z from "zod";
import { toApiError } from "@/api/error";
import { Button } from "@/components/button";
import { FormError } from "@/components/form-error";
import { TextField } from "@/components/text-field";
import { useSignIn } from "@/features/auth/queries";

const credentials = z.object({
  // The server decides what an address is: owner@localhost is one, and the first user's.
  email: z.string().includes("@", "Enter an e-mail address, such as you@example.com."),
  password: z.string().min(1, "Enter your password."),
});

export function SignInForm({ onSignedIn }: { onSignedIn: () => void }) {
  const signIn = useSignIn();
  const form = useForm({
    resolver: zodResolver(credentials),
    defaultValues: { email: "", password: "" },
  });
  const { errors } = form.formState;

  async function submit(values: z.infer<typeof credentials>) {
    try {
      await signIn.mutateAsync(values);
    } catch (failure) {
      const error = toApiError(failure);
      const wrong = error.code === "invalid_credentials";
      form.setError("root", {
        message: wrong ? "The e-mail address or the password is wrong." : error.message,
      });
      form.setFocus("password", { shouldSelect: true });
      return;
    }
    onSignedIn();
  }

  return (
    <form onSubmit={form.handleSubmit(submit)} noValidate className="space-y-4">
      <FormError message={errors.root?.message} />
      <TextField
        label="E-mail"
        type="email"
        autoComplete="username"
        autoFocus
        error={errors.email?.message}
        {...form.register("email")}
      />
      <TextField
        label="Password"
        type="password"
        autoComplete="current-password"
        error={errors.password?.message}
        {...form.register("password")}
      />
      <Button type="submit" look="primary" busy={signIn.isPending} className="mt-2 w-full">
        {signIn.isPending ? "Signing in…" : "Sign in"}
      </Button>
    </form>
  );
}
