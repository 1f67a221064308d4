/** Reports of runs: `import { writeReport } from 'trainscope/report'`. */
export { readReport, type ReadReportOptions } from './read-report.js';
export { writeReport } from './write-report.js';
export { reportHtml, type HtmlOptions, type LivePage } from './html.js';
export type { ReportModel, RunModel } from './model.js';
