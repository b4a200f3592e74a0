/** Edge: what the browser lets this page use. */

const NAMES = ["camera", "microphone"] as PermissionName[];

/** Call `act` with the permissions of camera and microphone now and at every change; null where the browser is silent. */
export async function watchPermissions(act: (states: readonly (PermissionState | null)[]) => void): Promise<void> {
  const all = await Promise.all(NAMES.map((name) => navigator.permissions?.query({ name }).catch(() => null) ?? null));
  const tell = () => act(all.map((status) => status?.state ?? null));
  for (const status of all) status?.addEventListener("change", tell);
  tell();
}
