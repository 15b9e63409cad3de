/** The GitLab template: GitLab includes one YAML file and nothing beside it, so the preflight stands in it, whole. */

/** The shell script that every CI system runs. */
export const preflightPath = "platform/ci/preflight.sh";

/** Where the template is written, relative to the root. */
export const gitlabTemplatePath = "platform/ci/gitlab/cupel.gitlab-ci.yml";

/**
 * Text of the template, for the text of {@link preflightPath}. A script's lines are the runner's shell's own
 * (docs.gitlab.com, ci/yaml/script), sh or bash. Variables of a job go over those that a project sets for all
 * (ci/variables, precedence), so the job sets none but the one that its artifacts hang on.
 */
export function renderGitlabTemplate(preflight: string): string {
  const body = preflight
    .replace(/^#!.*\n/u, "")
    .trimEnd()
    .split("\n");
  // In a subshell: whoever refers to these lines and has more to do goes on behind them.
  const lines = ["# cupel preflight", "(", ...body, ")"];
  return `# Written by scripts/gen.ts from ${preflightPath}; do not edit.
#
# Before the jobs: does this runner hold what they demand? Include this file, and say in \`variables:\` where cupel is and
# what is demanded:
#
#   include:
#     - remote: https://example.com/cupel.gitlab-ci.yml
#   variables:
#     CUPEL_BASE_URL: https://example.com/cupel
#     CUPEL_POLICY: cupel.yaml
#
# It measures the runner that it runs on: where jobs have tags or an image, give them to cupel-preflight as well.
cupel-preflight:
  stage: .pre
  variables:
    CUPEL_REPORT_DIRECTORY: cupel-report
  script:
    - |
${lines.map((line) => (line === "" ? "\n" : `      ${line}\n`)).join("")}  artifacts:
    when: always
    expire_in: 30 days
    paths:
      - cupel-report/
    reports:
      junit: cupel-report/junit.xml
`;
}
