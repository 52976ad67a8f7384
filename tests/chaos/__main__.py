from tests.chaos.main import main

main()
