/**
 * A learning rate as a pure function of a count from 0: steps (updates) or epochs, whichever the caller counts.
 * The lengths among a schedule's options (`tMax`, `totalIters`, `stepSize`, ...) are in the same unit.
 *
 * Each schedule returns a finite number, 0 or above, for any finite count of 0 or above; other counts have no meaning here.
 * The values are those of PyTorch's torch/optim/lr_scheduler.py after as many calls of `scheduler.step()`, and its option names
 * are taken over in camelCase. `learningRate` is what PyTorch reads from the optimizer (`initial_lr`) and optax calls `init_value`.
 *
 * | here                   | PyTorch                     | optax                                                        |
 * | ---------------------- | --------------------------- | ------------------------------------------------------------ |
 * | constant               | no scheduler                | constant_schedule                                            |
 * | constantFactor         | ConstantLR                  |                                                              |
 * | step                   | StepLR                      | exponential_decay(staircase=True)                            |
 * | multiStep              | MultiStepLR                 | piecewise_constant_schedule                                  |
 * | exponential            | ExponentialLR               | exponential_decay(transition_steps=1, decay_rate=gamma)      |
 * | polynomial             | PolynomialLR                | polynomial_schedule(end_value=0, transition_steps=totalIters) |
 * | linear                 | LinearLR                    | linear_schedule                                              |
 * | cosine                 | CosineAnnealingLR           | cosine_decay_schedule, up to tMax                            |
 * | cosineWithWarmRestarts | CosineAnnealingWarmRestarts | sgdr_schedule                                                |
 * | oneCycle               | OneCycleLR                  | cosine_onecycle_schedule, linear_onecycle_schedule           |
 * | cyclic                 | CyclicLR                    |                                                              |
 * | inverseSquareRoot      |                             |                                                              |
 * | lambda                 | LambdaLR                    | any function                                                 |
 * | warmup                 | SequentialLR with LinearLR or ConstantLR in front | warmup_constant_schedule, warmup_cosine_decay_schedule |
 * | sequential             | SequentialLR                | join_schedules                                               |
 * | chained                | ChainedScheduler            |                                                              |
 * | reduceOnPlateau        | ReduceLROnPlateau           | contrib.reduce_on_plateau                                    |
 */
export type Schedule = (step: number) => number;
