"""One server of small runs for all tests here, and one undisturbed run to compare with."""

import pytest
from runs import RUN, Runner


@pytest.fixture(scope="session")
def runner(tmp_path_factory):
    server = Runner(tmp_path_factory.mktemp("logs"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def undisturbed(runner, tmp_path_factory):
    """The folder of a run that nothing happened to; not to be written into."""
    output = tmp_path_factory.mktemp("undisturbed")
    runner.run(output)
    return output / RUN
