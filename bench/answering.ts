/** Waits until an address answers, for 10 s at most. */
export async function answering(url: string, request?: RequestInit): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    try {
      if ((await fetch(url, request)).ok) return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  throw new Error(`${url} does not answer`)
}
