/** Of the order and of what is drawn, wherever the batches are made. */
export const dataSeed = 1;
