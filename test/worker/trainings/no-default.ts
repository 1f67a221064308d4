export const train = (): number => 1;
export const helper = 2;
