import { testDriver } from "../../../lib/vfs/testing/mod.ts";
import { openS3 } from "../../helpers/s3.ts";

for (const isAmazon of [true, false]) {
  const server = { conditions: isAmazon ? "obeyed" : "ignored", copiesParts: isAmazon, pageSize: 7 } as const;
  await testDriver(`S3 driver (${isAmazon ? "all that Amazon's store does" : "the core alone"})`, async () => {
    const subject = await openS3(server);
    return { vfs: subject.vfs, cleanup: async () => await subject[Symbol.asyncDispose]() };
  });
}
