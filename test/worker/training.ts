/** The URL of a module in trainings/. */
export const training = (name: string): URL => new URL(`./trainings/${name}`, import.meta.url);

/** What a promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not reject');
}
